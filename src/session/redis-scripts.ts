/**
 * Lua scripts that Redis runs atomically. They use Redis' own clock, so that nodes need not agree on the time.
 *
 * rts:session:ID    hash of the session; Redis drops it when it expires
 * rts:expiry        sorted set of ID+owner by expiry: for the count and the cleanup
 * rts:owner:OWNER   sorted set of ID by order: the owner's list
 * rts:order         counter, incremented with every session
 *
 * Keys are partly made inside the scripts, so Redis Cluster is not supported.
 */

export const SESSION_KEY = 'rts:session:';
export const EXPIRY_KEY = 'rts:expiry';
export const OWNER_KEY = 'rts:owner:';
export const ORDER_KEY = 'rts:order';
export const DELETED_CHANNEL = 'rts:deleted';

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

/**
 * KEYS session, expiry, owner, order; ARGV id, owner, max, ttlMs, then the profile's fields and values.
 * Returns {1, now} or, if the store is full, {0, milliseconds to the next expiry}.
 * Each call removes up to 100 expired sessions from the sets and adds one, so the sets cannot outgrow the live sessions.
 */
export const PUT = `${NOW}
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('ZREM', '${OWNER_KEY}' .. string.sub(gone, 33), string.sub(gone, 1, 32))
  redis.call('ZREM', KEYS[2], gone)
end
if redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf') >= tonumber(ARGV[3]) then
  local first = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. now, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return {0, tonumber(first[2]) - now}
end
local expires = now + ARGV[4]
local order = redis.call('INCR', KEYS[4])
redis.call('HSET', KEYS[1], 'connectId', ARGV[1], 'owner', ARGV[2], 'ttlMs', ARGV[4], 'createdAt', now,
  'lastUsedAt', now, 'expiresAt', expires, 'requests', 0, 'order', order, unpack(ARGV, 5))
redis.call('PEXPIREAT', KEYS[1], expires)
redis.call('ZADD', KEYS[2], expires, ARGV[1] .. ARGV[2])
redis.call('ZADD', KEYS[3], order, ARGV[1])
return {1, now}`;

/**
 * KEYS session, expiry; ARGV number of completed requests, and optionally the required owner.
 * Returns the hash's fields and values; empty if there is no such session.
 */
export const SLIDE = `${NOW}
local id, owner, ttl = unpack(redis.call('HMGET', KEYS[1], 'connectId', 'owner', 'ttlMs'))
if not id or (ARGV[2] and ARGV[2] ~= owner) then return {} end
local expires = now + ttl
redis.call('HSET', KEYS[1], 'lastUsedAt', now, 'expiresAt', expires)
redis.call('HINCRBY', KEYS[1], 'requests', ARGV[1])
redis.call('PEXPIREAT', KEYS[1], expires)
redis.call('ZADD', KEYS[2], expires, id .. owner)
return redis.call('HGETALL', KEYS[1])`;

/** KEYS session, expiry. Returns the number of deleted sessions, and publishes the deletion to every node. */
export const DELETE = `
local id, owner = unpack(redis.call('HMGET', KEYS[1], 'connectId', 'owner'))
if not id then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], id .. owner)
redis.call('ZREM', '${OWNER_KEY}' .. owner, id)
redis.call('PUBLISH', '${DELETED_CHANNEL}', id)
return 1`;

/** KEYS owner; ARGV limit, before which order ('+inf' at first). Returns the hashes' fields and values, newest first. */
export const LIST = `
local found, before = {}, ARGV[2]
while #found < tonumber(ARGV[1]) do
  local ids = redis.call('ZREVRANGEBYSCORE', KEYS[1], before, '-inf', 'WITHSCORES', 'LIMIT', 0, ARGV[1] - #found)
  if #ids == 0 then break end
  for i = 1, #ids, 2 do
    local fields = redis.call('HGETALL', '${SESSION_KEY}' .. ids[i])
    if #fields == 0 then redis.call('ZREM', KEYS[1], ids[i]) else found[#found + 1] = fields end
    before = '(' .. ids[i + 1]
  end
end
return found`;

/** KEYS expiry. Returns the number of live sessions. */
export const COUNT = `${NOW}
return redis.call('ZCOUNT', KEYS[1], '(' .. now, '+inf')`;
