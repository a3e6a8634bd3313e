"""Turn raw exports into responses: columns, answers, pseudonyms."""
