"""Screen or rewrite folders of comments in shards, in one process or in many. A stopped run can be resumed.

    tally = run("comments/", "rewritten/", Rewriting(), BulkArguments(runner="ray", workers=8))

An input file is cut into *shards* (`shards`): ranges of bytes of JSON Lines and text, ranges of rows of Parquet. A
shard is read in batches (`readers`), processed (`jobs`, `isolate_failures`) and written completely or not at all
(`writers`); finished shards are recorded beside the results (`ledger`). Processing a shard needs only its own range,
so it can run anywhere (`shard_worker`): in this process, one shard after the other, or in the actors of a Ray Data
pool (`ray_pool`). `run` processes a whole folder.
"""
