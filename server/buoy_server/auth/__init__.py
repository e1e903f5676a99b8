"""Who calls: keys, the tokens that are given for them, and the limit on guessing."""
