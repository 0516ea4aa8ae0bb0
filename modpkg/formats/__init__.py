"""Text to model and back: YAML documents, canonical JSON, schemas."""
