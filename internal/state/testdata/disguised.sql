-- What formats 1 to 3 kept in tables that were made for other things.
INSERT INTO owned (kind, name, id, root, applied, protect, taken_down, attempts) VALUES
	('phone_numbers', 'hq', 'hq', '/etc/a', '{"additional_usages":"none","connection":"7","location_id":"l",'
		|| '"placed":["+15125550100"],"uploaded":{"":["+15125550105"],"calling_user_assignment+none":["+15125550100-+15125550102"]},'
		|| '"usage":"calling_user_assignment"}', 1, 0, 'null'),
	('phone_numbers', 'lab', 'lab', '/etc/b', '{"connection":"8","uploaded":{}}', 0, 0, 'null'),
	('recording_retention', 'case-7', 'case-7', '/etc/a', '{"call_leg_id":"leg","keep":true}', 0, 0, 'null'),
	('recording_retention', 'case-7 (/etc/b)', 'case-7 (/etc/b)', '/etc/b', '{"from":"+15125550100","keep":true}', 0, 0, 'null'),
	('recording_retention', 'old (/etc/b)', 'old (/etc/b)', '/etc/a', '{"keep":true,"max_deletes_per_run":5}', 0, 0, 'null'),
	('recording_retention', 'twin', 'twin', '/etc/b', '{"keep":true}', 0, 0, 'null'),
	('recording_retention', 'twin (/etc/b)', 'twin (/etc/b)', '/etc/b', '{"keep":true,"to":"x"}', 0, 0, 'null'),
	('transcription_retention', 'case-7', 'case-7', '/etc/a', '{"keep":"true"}', 0, 0, 'null');
INSERT INTO intents VALUES
	('recordings', 'batch 1', '', '', '', '["{\"id\":\"r-1\",\"policy\":\"recording_retention/all\",\"created\":\"2025-01-02T04:04:05+01:00\",'
		|| '\"from\":\"+1512555****\",\"to\":\"+1512555****\",\"age\":\"365d\"}",'
		|| '"{\"id\":\"r-2\",\"policy\":\"recording_retention/all\",\"created\":\"2025-01-02T03:04:05Z\",\"age\":\"365d\"}"]',
		'2026-01-02T03:04:05Z'),
	('recordings', 'batch 2', '', '', '', 'null', '2026-01-02T03:04:05.5Z'),
	('transcriptions', 'batch 1', '', '', '', '["nonsense"]', '2026-01-02T03:04:05.5Z');
