"""Recipes: published models that one command fetches, with card, licence and citation."""
