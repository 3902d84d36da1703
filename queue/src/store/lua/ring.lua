-- Makes tasks that are due now takeable at once, and wakes the workers. apalis pushes every task to `:scheduled` with
-- its pusher's clock as score; left there, a worker whose clock is a moment behind would not see it until its next poll.
-- KEYS: scheduled, active, names. ARGV: channel, job name, queue name, task ids...
for i = 4, #ARGV do
    if redis.call('ZREM', KEYS[1], ARGV[i]) == 1 then
        redis.call('RPUSH', KEYS[2], ARGV[i])
    end
end
redis.call('SADD', KEYS[3], ARGV[3])
redis.call('PUBLISH', ARGV[1], ARGV[2])
return true
