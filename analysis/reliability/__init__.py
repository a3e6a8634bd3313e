"""Which psychometrics a study's scores need, and the verdict on them."""
