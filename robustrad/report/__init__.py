"""Views of tidy tables: CSV, LaTeX, figures. No statistics are computed here."""
