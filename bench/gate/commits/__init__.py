"""Every row over the commits in results/history.jsonl: the file, the steps in
it, and the page that shows them."""
