-- Forgets finished tasks. Those that this worker no longer holds were given to another: they stay.
-- KEYS: the worker's inflight set, data, meta prefix. ARGV: task ids.
for i = 1, #ARGV do
    if redis.call('SREM', KEYS[1], ARGV[i]) == 1 then
        redis.call('HDEL', KEYS[2], ARGV[i])
        redis.call('DEL', KEYS[3] .. ':' .. ARGV[i])
    end
end
return true
