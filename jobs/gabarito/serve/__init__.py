"""The endpoint: the promoted model behind an OpenAI-compatible server."""
