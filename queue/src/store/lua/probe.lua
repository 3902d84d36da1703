-- Pushes and takes for real: a Redis that answers PING may be full, a replica that takes no writes, or not let us in.
-- KEYS: a list for this alone. ARGV: what to push.
-- Returns: what was taken.
redis.call('RPUSH', KEYS[1], ARGV[1])
return redis.call('RPOP', KEYS[1])
