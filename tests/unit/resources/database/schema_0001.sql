BEGIN TRANSACTION;
CREATE TABLE batches (
	batch_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	stage VARCHAR(32) NOT NULL,
	state VARCHAR(16) NOT NULL,
	driver VARCHAR(80) NOT NULL,
	owner VARCHAR(200) NOT NULL,
	heartbeat_utc DATETIME NOT NULL,
	recorded_at_utc DATETIME NOT NULL,
	settled_at_utc DATETIME,
	is_held BOOLEAN NOT NULL,
	"plan" JSON,
	result JSON
);
INSERT INTO "batches" VALUES(1,'ingest','settled','cli','nobody:0:0','2016-03-27 00:00:00.000000','2016-03-27 00:00:00.000000','2016-03-27 00:01:00.000000',0,'{"tables": []}','{"files": []}');
INSERT INTO "batches" VALUES(2,'verify','claimed','cli','nobody:0:0','2016-03-27 00:00:00.000000','2016-03-27 00:00:00.000001',NULL,0,NULL,NULL);
CREATE TABLE change_log (
	position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	table_name VARCHAR(64) NOT NULL,
	operating_day DATE NOT NULL,
	batch_id INTEGER NOT NULL,
	FOREIGN KEY(batch_id) REFERENCES batches (batch_id)
);
INSERT INTO "change_log" VALUES(1,'sensor_data','2016-03-27',1);
INSERT INTO "change_log" VALUES(2,'sensor_data','2016-03-28',1);
CREATE TABLE claims (
	resource VARCHAR(128) NOT NULL,
	batch_id INTEGER NOT NULL,
	PRIMARY KEY (resource),
	FOREIGN KEY(batch_id) REFERENCES batches (batch_id)
);
INSERT INTO "claims" VALUES('meter_readings/2016-03-27',2);
CREATE TABLE consumer_days (
	consumer VARCHAR(64) NOT NULL,
	table_name VARCHAR(64) NOT NULL,
	operating_day DATE NOT NULL,
	position BIGINT NOT NULL,
	PRIMARY KEY (consumer, table_name, operating_day)
);
INSERT INTO "consumer_days" VALUES('verify','sensor_data','2016-03-27',2);
CREATE TABLE consumer_offsets (
	consumer VARCHAR(64) NOT NULL,
	table_name VARCHAR(64) NOT NULL,
	position BIGINT NOT NULL,
	PRIMARY KEY (consumer, table_name)
);
INSERT INTO "consumer_offsets" VALUES('verify','sensor_data',1);
CREATE TABLE files (
	content_hash VARCHAR(64) NOT NULL,
	name VARCHAR(512) NOT NULL,
	size_bytes BIGINT NOT NULL,
	kind VARCHAR(16) NOT NULL,
	batch_id INTEGER NOT NULL,
	state VARCHAR(16) NOT NULL,
	received BIGINT NOT NULL,
	stored BIGINT NOT NULL,
	duplicate BIGINT NOT NULL,
	quarantined BIGINT NOT NULL,
	PRIMARY KEY (content_hash),
	FOREIGN KEY(batch_id) REFERENCES batches (batch_id)
);
INSERT INTO "files" VALUES('hash-1','a.csv',10,'readings',1,'claimed',0,0,0,0);
CREATE TABLE seen_files (
	path VARCHAR(1024) NOT NULL,
	size_bytes BIGINT NOT NULL,
	mtime_ns BIGINT NOT NULL,
	content_hash VARCHAR(64) NOT NULL,
	PRIMARY KEY (path)
);
INSERT INTO "seen_files" VALUES('readings/a.csv',10,1,'hash-1');
CREATE INDEX change_log_by_table ON change_log (table_name, position);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('batches',2);
INSERT INTO "sqlite_sequence" VALUES('change_log',2);
COMMIT;
