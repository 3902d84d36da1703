-- Hands back what is in the worker's inflight set but unknown to the worker: taken by a call whose answer was lost, or
-- not started before shutdown. A task without data, or with data apalis can't read, would fail every fetch it is part
-- of: it is dropped.
-- KEYS: the worker's inflight set, active, data, meta prefix. ARGV: '1' to drop rather than hand back, held ids...
-- Returns: handed back, dropped.
local held = {}
for i = 2, #ARGV do
    held[ARGV[i]] = true
end
local returned, dropped = 0, 0
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    if not held[id] then
        local meta = KEYS[4] .. ':' .. id
        redis.call('SREM', KEYS[1], id)
        local fields = redis.call('HMGET', meta, 'attempts', 'max_attempts', 'status')
        local sound = redis.call('HEXISTS', KEYS[3], id) == 1
            and tonumber(fields[1] or '') and tonumber(fields[2] or '') and fields[3]
        if sound and ARGV[1] ~= '1' then
            redis.call('LPUSH', KEYS[2], id)
            returned = returned + 1
        else
            redis.call('HDEL', KEYS[3], id)
            redis.call('DEL', meta)
            dropped = dropped + 1
        end
    end
end
return { returned, dropped }
