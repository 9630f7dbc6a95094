"""Folders of comments: screened or rewritten shard by shard, by this process or by many, resumable after any end.

    tally = run("comments/", "rewritten/", Rewriting(), BulkArguments(runner="ray", workers=8))

An input file is cut into *shards* (`shards`): ranges of bytes of JSON Lines and text, ranges of rows of Parquet. One
is read in batches (`readers`), processed (`jobs`, `isolate_failures`) and written completely or not at all
(`writers`); finished shards are recorded beside the results (`ledger`). A shard needs only its own range, so it can be
processed anywhere (`shard_worker`): by this process, one after the other, or by the actors of a Ray Data pool
(`ray_pool`). `run` does a whole folder.
"""
