"""What vectors say: neighbours, maps, clusters, quality; knows no Dagster and no FiftyOne."""
