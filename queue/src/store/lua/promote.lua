-- Registers the worker, as apalis refuses to fetch for an unknown one, and moves due tasks from `:scheduled` to
-- `:active`, at most 1,000 a call: apalis' own promotion unpacks all of them at once and fails for good beyond some 8,000.
-- KEYS: workers, scheduled, active. ARGV: worker name, due until (seconds).
-- Returns: promoted, takeable now, score of the next delayed task or -1.
redis.call('ZADD', KEYS[1], redis.call('TIME')[1], ARGV[1])
local due = redis.call('ZRANGEBYSCORE', KEYS[2], 0, ARGV[2], 'LIMIT', 0, 1000)
if #due > 0 then
    redis.call('RPUSH', KEYS[3], unpack(due))
    redis.call('ZREM', KEYS[2], unpack(due))
end
local following = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
return { #due, redis.call('LLEN', KEYS[3]), tonumber(following[2] or '-1') }
