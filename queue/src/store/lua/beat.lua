-- Says that the worker lives (also after a FLUSHALL has forgotten it), and takes the tasks of workers that have not said so
-- for too long. Time is Redis' own: workers' clocks may differ.
-- KEYS: workers, active, data, meta prefix. ARGV: worker name, dead after (seconds), inflight prefix, channel, job name.
-- Returns: how many tasks came back.
local now = tonumber(redis.call('TIME')[1])
redis.call('ZADD', KEYS[1], now, ARGV[1])
local moved = 0
for _, worker in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], 0, now - tonumber(ARGV[2]), 'LIMIT', 0, 100)) do
    local inflight = ARGV[3] .. ':' .. worker
    for _, id in ipairs(redis.call('SMEMBERS', inflight)) do
        if redis.call('HEXISTS', KEYS[3], id) == 1 then
            redis.call('HINCRBY', KEYS[4] .. ':' .. id, 'attempts', 1)
            redis.call('LPUSH', KEYS[2], id)
            moved = moved + 1
        end
    end
    redis.call('DEL', inflight)
    redis.call('ZREM', KEYS[1], worker)
end
if moved > 0 then
    redis.call('PUBLISH', ARGV[4], ARGV[5])
end
return moved
