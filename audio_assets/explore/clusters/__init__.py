"""Cluster cards: what a clustering's clusters are like, in the words of the windows' labels."""
