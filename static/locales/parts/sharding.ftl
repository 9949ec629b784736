role-shard = Shard
ring-joins = joins the ring and begins to copy its keys
ring-hands-over = stops answering for the keys of { $joiner } and sends the { $count } that changed since they were copied
ring-takes-over = answers for the keys that were { $owner }'s
ring-breach-owners = { $old } and { $new } both answer for the keys that move from one to the other
