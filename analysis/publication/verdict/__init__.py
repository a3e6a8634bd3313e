"""The planned result in words: verdict, numbers, strength of evidence."""
