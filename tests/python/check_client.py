"""An independent client of Saring: builds its code from proto/ and asks every call.

    python3 tests/python/check_client.py --proto proto --server 127.0.0.1:7400

Needs grpcio and grpcio-tools. With --expected (JSON: a list of objects with key, msisdn, status, reason, until)
each answer is held against it; without, the answers to a few devices are printed.
"""

import argparse
import importlib
import json
import pathlib
import sys
import tempfile

import grpc
from grpc_tools import protoc

# The standard health protocol, so that no further package is needed.
HEALTH = """
syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
service Health { rpc Check(HealthCheckRequest) returns (HealthCheckResponse); }
"""

SERVICE = "saring.v1.EquipmentCheck"
DEADLINE = 20


def compile_protos(proto: pathlib.Path, out: pathlib.Path) -> None:
    """Generates Python code for every file below proto/ and for the health protocol."""
    health = out / "health_source"
    health.mkdir()
    (health / "health.proto").write_text(HEALTH)
    files = sorted(str(path) for path in proto.rglob("*.proto"))
    well_known = str(pathlib.Path(protoc.__file__).parent / "_proto")
    arguments = ["protoc", f"-I{proto}", f"-I{health}", f"-I{well_known}"]
    arguments += [f"--python_out={out}", f"--grpc_python_out={out}", *files, str(health / "health.proto")]
    if protoc.main(arguments) != 0:
        sys.exit("the protocol files do not compile")
    sys.path.insert(0, str(out))


def luhn(fourteen: str) -> str:
    """The check digit of an IMEI."""
    total = 0
    for place, digit in enumerate(reversed(fourteen)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value // 10 + value % 10
    return str(-total % 10)


class Client:
    def __init__(self, server: str):
        self.check_pb2 = importlib.import_module("saring.v1.check_pb2")
        self.explain_pb2 = importlib.import_module("saring.v1.explain_pb2")
        self.verdict_pb2 = importlib.import_module("saring.v1.verdict_pb2")
        self.health_pb2 = importlib.import_module("health_pb2")
        # A busy node refuses at once and says when to come again; gRPC clients do that by themselves when asked to.
        retry = {
            "maxAttempts": 5,
            "initialBackoff": "0.25s",
            "maxBackoff": "2s",
            "backoffMultiplier": 2,
            "retryableStatusCodes": ["RESOURCE_EXHAUSTED"],
        }
        config = json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": retry}]})
        self.channel = grpc.insecure_channel(server, options=[("grpc.service_config", config)])
        self.stub = importlib.import_module("saring.v1.check_pb2_grpc").EquipmentCheckStub(self.channel)
        self.health = importlib.import_module("health_pb2_grpc").HealthStub(self.channel)

    def told(self, verdict) -> tuple:
        """Status, reason, last day, by the names of the protocol."""
        status = self.verdict_pb2.EquipmentStatus.Name(verdict.status)
        return status, self.verdict_pb2.Reason.Name(verdict.reason), verdict.valid_until

    def request(self, imei: str, msisdn: str):
        request = self.check_pb2.CheckRequest(equipment_text=imei)
        if msisdn:
            request.msisdn_text = msisdn
        return request

    def unary(self, questions) -> list:
        """Each device as 14, 15 and 16 digits and as a number: one answer."""
        answers = []
        for key, msisdn in questions:
            forms = [key, key + luhn(key), key + "0", key + "01", "imei-" + key + luhn(key)]
            requests = [self.request(form, msisdn) for form in forms]
            by_number = self.check_pb2.CheckRequest(equipment_key=int(key))
            if msisdn:
                by_number.msisdn = int(msisdn)
            requests.append(by_number)
            told = {self.told(self.stub.Check(request, timeout=DEADLINE).verdict) for request in requests}
            assert len(told) == 1, f"{key}: the forms of one device differ: {told}"
            answers.append(told.pop())
        return answers

    def stream(self, questions) -> list:
        requests = (self.request(key, msisdn) for key, msisdn in questions)
        return [self.told(answer.verdict) for answer in self.stub.CheckStream(requests, timeout=DEADLINE)]

    def batch_request(self, questions):
        return self.check_pb2.CheckBatchRequest(
            equipment_key=[int(key) for key, _ in questions],
            msisdn=[int(msisdn or 0) for _, msisdn in questions],
            with_valid_until=True,
        )

    def batch_told(self, answer) -> list:
        names = zip(answer.statuses, answer.reasons, answer.valid_until_day)
        return [
            (self.verdict_pb2.EquipmentStatus.Name(status), self.verdict_pb2.Reason.Name(reason), day)
            for status, reason, day in names
        ]

    def batch(self, questions) -> list:
        return self.batch_told(self.stub.CheckBatch(self.batch_request(questions), timeout=DEADLINE))

    def batch_stream(self, questions) -> list:
        requests = (self.batch_request(questions) for _ in range(3))
        return [self.batch_told(answer) for answer in self.stub.CheckBatchStream(requests, timeout=DEADLINE)]

    def explain(self, questions) -> list:
        answers = []
        for key, msisdn in questions:
            request = self.explain_pb2.ExplainRequest(equipment=key, msisdn=msisdn)
            answer = self.stub.Explain(request, timeout=DEADLINE)
            assert answer.equipment_key == key and answer.imei == key + luhn(key), answer
            answers.append(self.told(answer.verdict))
        return answers


def days(until: str) -> int:
    """Days since 1970-01-01; 0 without end."""
    import datetime

    return (datetime.date.fromisoformat(until) - datetime.date(1970, 1, 1)).days if until else 0


def hold(what: str, told, expected) -> None:
    assert told == expected, f"{what}: told {told}, expected {expected}"
    print(f"{what}: {len(told)} answers")


def refusals(client: Client) -> None:
    """What is no verdict is an error with its reason; a bad device is a verdict."""
    bad = client.request("35440121000001", "62812345678O1")
    try:
        client.stub.Check(bad, timeout=DEADLINE)
        raise AssertionError("a number that cannot be read was accepted")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
        assert "msisdn_text" in error.details() and "62812345678O1" not in error.details(), error.details()
    malformed = client.stub.Check(client.request("nonsense", ""), timeout=DEADLINE).verdict
    assert client.told(malformed)[:2] == ("GREYLISTED", "MALFORMED"), malformed
    other = client.stub.Check(client.request("mac-00-11-22-33-44-55", ""), timeout=DEADLINE).verdict
    assert client.told(other)[:2] == ("UNKNOWN", "NOT_REGISTERED"), other
    print("refusals: as documented")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--proto", type=pathlib.Path, required=True)
    parser.add_argument("--server", default="127.0.0.1:7400")
    parser.add_argument("--expected", default="")
    parser.add_argument("--revision", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as out:
        compile_protos(options.proto, pathlib.Path(out))
        client = Client(options.server)
        for service in ["", SERVICE]:
            health = client.health.Check(client.health_pb2.HealthCheckRequest(service=service), timeout=DEADLINE)
            assert health.status == client.health_pb2.HealthCheckResponse.SERVING, health
        rows = json.loads(options.expected) if options.expected else []
        if not rows:
            for key in ["35209900176148", "00123456000001"]:
                print(key, *client.unary([(key, "")])[0])
            return
        questions = [(row["key"], row["msisdn"]) for row in rows]
        expected = [(row["status"], row["reason"], row["until"]) for row in rows]
        packed = [(status, reason, days(until)) for status, reason, until in expected]
        hold("Check", client.unary(questions), expected)
        hold("CheckStream", client.stream(questions), expected)
        hold("CheckBatch", client.batch(questions), packed)
        hold("CheckBatchStream", client.batch_stream(questions), [packed] * 3)
        hold("Explain", client.explain(questions), expected)
        refusals(client)
        basis = client.stub.Check(client.request(questions[0][0], ""), timeout=DEADLINE).basis
        revision = f"{basis.revision.epoch}.{basis.revision.seq}"
        assert not options.revision or revision == options.revision, revision
        print("all answers are as expected")


if __name__ == "__main__":
    main()
