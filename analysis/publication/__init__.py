"""What readers get: tables, figures and documents, made from disclosed findings."""
