"""What office programs write beside Word: texts, slides, sheets; and what all of them share."""
