"""Raw exports into responses: columns, answers, pseudonyms."""
