"""Protocols: what is varied, by how much, in which role; read from YAML with errors that name the line."""
