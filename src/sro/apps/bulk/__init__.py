"""Folders of comments: screened or rewritten shard by shard, by this process or by many, resumable after any end.

    tally = run("comments/", "rewritten/", Rewriting(), BulkArguments(runner="ray", workers=8))

An input file is cut into *shards* (`shards`): ranges of bytes of JSON Lines and text, ranges of rows of Parquet. One
is read in batches (`rows`), worked on (`jobs`, `careful`) and written whole or not at all (`files`); what is finished
is on record beside the results (`ledger`). A shard needs nothing but its own range, so it does not matter who does it
(`shard_run`): this process, one after the other, or the actors of a Ray Data pool (`ray_pool`). `run` begins.
"""
