"""Many texts, many documents: split, bounded, in order, nothing lost."""
