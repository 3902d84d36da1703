-- Releases the idempotency keys of tasks that were taken, so that a ring from now on is a new task. A key that by now
-- belongs to another task is left alone.
-- KEYS: idempotency keys. ARGV: the task ids that may hold them.
for i = 1, #KEYS do
    if redis.call('GET', KEYS[i]) == ARGV[i] then
        redis.call('DEL', KEYS[i])
    end
end
return true
