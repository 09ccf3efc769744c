"""Who is asked, and how: the teacher that writes, and who has a second opinion."""
