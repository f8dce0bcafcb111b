"""Evaluation of drift: out-of-fold scores in, tables out. Nothing here fits a model or reads a file.

settings = Settings(margin=0.05, seed=0)
tables = evaluate(arms, data, settings, clusters=correlation_clusters(data.reference))
guards = run_safeguards(arms, data, {model: permuted_auc(data, spec)}, settings)   # audit.safeguards.run
tables = replace(tables, safeguards=guards.table, selected=guards.selected)
write_tables(tables, sentences(tables, margin=settings.margin), facts, folder)
"""
