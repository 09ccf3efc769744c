"""The page on which a person looks at facts, and the file that keeps what that person says."""
