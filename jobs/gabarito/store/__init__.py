"""The store: one flat space of keys, in a folder or in an S3 bucket."""
