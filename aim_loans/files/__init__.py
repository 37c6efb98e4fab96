"""Bytes kept beside the database: attachments, and papers as they were issued."""
