"""Ethogram within other people's training code. Each module imports its framework only when it is used."""
