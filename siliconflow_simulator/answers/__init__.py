"""What is said: answers made from the prompt's own text, vectors, scores."""
