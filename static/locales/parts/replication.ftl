role-primary = Primary
role-backup = Backup
pb-takes-over = is primary of epoch { $epoch }
pb-steps-down = steps down: { $primary } is primary of epoch { $epoch }
pb-lost-write = discards an acknowledged write to key { $key } ({ $client }'s operation { $number }): the new primary never had it
invariant-acknowledged-is-copied = copies before an acknowledgement
pb-breach-copied = acknowledged a write to key { $key } that { $without } of its backups do not have
