"""Train: a base model learns the dataset as an adapter."""
