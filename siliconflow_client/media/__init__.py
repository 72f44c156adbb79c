"""What agents and document loaders of both frameworks do with images, films, sounds and PDFs."""
