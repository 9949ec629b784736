role-replica = Replica
lww-discards = discards { $client }'s write to key { $key } and acknowledges it: its clock says { $clock }, the kept version is from { $kept }
anti-entropy-repaired = took { $count } newer values from { $peer }
