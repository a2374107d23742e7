"""Pictures for papers, from records and what lies beside them."""
