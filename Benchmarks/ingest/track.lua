-- An abandoned cart as a team would write it by hand: user, the event's id and the product, three arguments an event.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 1, #ARGV, 3 do
    local user, id, product = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    if redis.call('SET', 'id:' .. user .. ':' .. id, 1, 'NX', 'EX', 604800) then
        local key, due = 'user:' .. user, now + 86400000
        local known = redis.call('HMGET', key, 'email', 'time_zone', 'carts', 'last_sent')
        local sent = tonumber(known[4] or 0)
        redis.call('XADD', 'events', '*', 'user', user, 'id', id, 'event', 'add_to_cart', 'product_id', product)
        redis.call('HSET', key, 'carts', (known[3] or 0) + 1, 'last_cart', now, 'product_id', product)
        if sent < now then
            redis.call('ZADD', 'due', due, user)
            redis.call('XADD', 'decisions', '*', 'user', user, 'campaign', 'bench', 'code', 'waits', 'event', id, 'due', due)
        end
    end
end
return 1
