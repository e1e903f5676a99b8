"""ExplainInterface: the node is asked and answers; where it does not, there is an answer all the same."""

import asyncio
from typing import Any

import grpc
import pytest
from buoy.v1 import agent_pb2, explain_pb2, interface_pb2
from buoy_server.core.explaining import CHAIN
from buoy_server.rpc import questions
from buoy_server.rpc.explaining import LINKS

from tests.server.agent import ScriptedAgent, agent
from tests.server.running import Running, refusal
from tests.server.waiting import wait_until_async
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

OK, BROKEN, UNKNOWN = explain_pb2.PATH_LINK_STATE_OK, explain_pb2.PATH_LINK_STATE_BROKEN, explain_pb2.PATH_LINK_STATE_UNKNOWN
KERNEL = [LINKS.to_proto(row.link) for row in CHAIN][4:-1]


def examined(question: agent_pb2.NodeQuestion, **other: Any) -> agent_pb2.AnswerNodeRequest:
    """What an agent answers whose kernel has all that was asked."""
    examination = explain_pb2.Examination(
        generation=question.explain.generation,
        observations=[explain_pb2.Observation(link=link, seen="seen") for link in KERNEL],
        incoming=explain_pb2.Traffic(packets=3, bytes=300),
        outgoing=explain_pb2.Traffic(packets=2, bytes=200),
        incoming_flows=1,
    )
    return agent_pb2.AnswerNodeRequest(**{"node": "n1", "question_id": question.id, "examination": examination, **other})


async def asked(node: ScriptedAgent) -> agent_pb2.NodeQuestion:
    """The next question of the node's stream."""
    while not (update := await node.read()).questions:
        pass
    question: agent_pb2.NodeQuestion = update.questions[0]
    return question


async def floating(server: Running, node: ScriptedAgent) -> interface_pb2.Interface:
    """An interface whose float is active."""
    interface = await server.interface(float=True)
    while interface.uuid not in node.bindings:
        await node.read()
    await node.confirm()
    return interface


def explain(server: Running, interface: interface_pb2.Interface) -> Any:
    """The call, begun."""

    async def call() -> explain_pb2.Explanation:
        request = explain_pb2.ExplainInterfaceRequest(interface_uuid=interface.uuid)
        response: interface_pb2.ExplainInterfaceResponse = await server.interfaces.ExplainInterface(request)
        assert response.interface.uuid == interface.uuid
        return response.explanation

    return asyncio.ensure_future(call())


async def test_the_nodes_answer_is_part_of_the_explanation(server: Running, node: ScriptedAgent) -> None:
    interface = await floating(server, node)
    call = explain(server, interface)
    question = await asked(node)
    asked_of = question.explain
    assert (asked_of.interface_uuid, asked_of.floating_address) == (interface.uuid, interface.floating.address)
    await server.agents.AnswerNode(examined(question))
    found = await call
    assert (found.broken, found.advice) == (explain_pb2.PATH_LINK_UNSPECIFIED, "")
    assert found.summary == f"a packet to {interface.floating.address} gets to {interface.ipv4} and back"
    assert {link.state for link in found.links} == {OK}
    assert (found.examination.incoming.packets, found.examination.incoming_flows) == (3, 1)
    assert (found.node.name, found.node.connected, found.node.HasField("heard_time")) == ("n1", True, True)
    named = interface_pb2.GetInterfaceRequest(interface_uuid=interface.uuid)
    assert (await server.interfaces.GetInterface(named)).HasField("observed_time")


async def test_a_flaw_that_the_node_sees_is_named(server: Running, node: ScriptedAgent) -> None:
    call = explain(server, await floating(server, node))
    answer = examined(await asked(node))
    answer.examination.observations[2].flaws.append("the namespace is gone")
    answer.examination.observations.add(link=99)  # of an agent that is newer
    await server.agents.AnswerNode(answer)
    found = await call
    assert (found.broken, found.summary) == (KERNEL[2], "network: the namespace is gone")
    assert found.advice == found.links[6].advice
    assert [link.state for link in found.links].count(BROKEN) == 1


async def test_a_node_that_is_away_gives_a_partial_explanation(server: Running) -> None:
    async with agent(server) as node:
        interface = await floating(server, node)
    await wait_until_async(lambda: _away(server, interface), "n1 is away")
    found = await explain(server, interface)
    assert {link.state for link in found.links if link.link in KERNEL} == {UNKNOWN}
    assert "is not connected" in found.summary
    assert not found.HasField("examination")


async def _away(server: Running, interface: interface_pb2.Interface) -> bool:
    found = await explain(server, interface)
    return bool(found.broken == explain_pb2.PATH_LINK_NODE)


@pytest.mark.parametrize("how", ["says nothing", "cannot look", "goes away"])
async def test_an_agent_that_gives_no_answer_is_the_broken_link(
    server: Running, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(questions, "PATIENCE", 0.2 if how == "says nothing" else 3600.0)
    async with agent(server) as node:
        call = explain(server, await floating(server, node))
        question = await asked(node)
        if how == "cannot look":
            await server.agents.AnswerNode(
                agent_pb2.AnswerNodeRequest(node="n1", question_id=question.id, error="macaddr: no MAC address")
            )
        if how == "goes away":
            node.call.cancel()
        found = await asyncio.wait_for(call, PATIENCE)
    words = {"says nothing": "did not answer within", "cannot look": "macaddr: no MAC address", "goes away": "stream broke"}
    assert words[how] in next(link.wrong for link in found.links if link.link == explain_pb2.PATH_LINK_AGENT) or (
        how == "goes away" and found.broken == explain_pb2.PATH_LINK_NODE
    )
    assert found.summary


async def test_a_node_answers_once_and_only_what_it_was_asked(server: Running, node: ScriptedAgent) -> None:
    async with agent(server, "n2"):
        call = explain(server, await floating(server, node))
        question = await asked(node)
        for answer in (examined(question, node="n2"), examined(question, question_id="x")):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await server.agents.AnswerNode(answer)
            assert refusal(refused.value).reason == "QUESTION_NOT_FOUND"
        assert not call.done()
        await server.agents.AnswerNode(examined(question))
        assert (await call).broken == explain_pb2.PATH_LINK_UNSPECIFIED
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await server.agents.AnswerNode(examined(question))
        assert refusal(refused.value).reason == "QUESTION_NOT_FOUND"


async def test_many_who_ask_the_same_ask_the_node_once_and_there_is_a_limit(
    server: Running, node: ScriptedAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "MOST", 1)
    interface, other = await floating(server, node), await server.interface("other")
    waiting, ask = list[str](), questions.Questions.ask

    async def noted(self: questions.Questions, name: str, binding: agent_pb2.Binding) -> agent_pb2.AnswerNodeRequest:
        waiting.append(binding.interface_uuid)
        return await ask(self, name, binding)

    async def all_wait() -> bool:
        return waiting.count(interface.uuid) == len(calls)

    monkeypatch.setattr(questions.Questions, "ask", noted)
    calls = [explain(server, interface) for _ in range(20)]
    question = await asked(node)
    await wait_until_async(all_wait, "all calls wait for the answer")
    refused = await explain(server, other)
    assert "is being asked too many things" in refused.summary
    await server.agents.AnswerNode(examined(question))
    assert {(await call).broken for call in calls} == {explain_pb2.PATH_LINK_UNSPECIFIED}


async def test_a_deleted_interface_is_explained_without_asking(server: Running, node: ScriptedAgent) -> None:
    interface = await floating(server, node)
    await server.interfaces.DeleteInterface(interface_pb2.DeleteInterfaceRequest(interface_uuid=interface.uuid))
    found = await explain(server, interface)
    assert found.broken == explain_pb2.PATH_LINK_INTERFACE
    assert found.summary.startswith("interface: it is deleted; node n1 has not let go")
