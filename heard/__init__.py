"""Statistics for evaluating whether people feel listened to.

Frames in, results out: every result carries its n, its interval and how it was made, or
the reason why there is none. Knows no study, no file and no page.
"""
