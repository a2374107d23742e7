"""Networks whose parameters lie end to end: the same networks, and an optimizer's state that is theirs."""

import torch

from zsar.fast.sadvae import AUTOENCODERS, SADVAEStep
from zsar.fast.stack import Stack, Unstacked
from zsar.methods.sadvae import SADVAENetwork


def networks(runs):
    return [SADVAENetwork(12, 9, 6, 3) for _ in range(runs)]


def test_a_stack_and_its_networks_share_their_memory():
    several = networks(2)
    before = [{k: v.clone() for k, v in n.state_dict().items()} for n in several]
    gradient = SADVAEStep(several)
    assert all(torch.equal(v, before[i][k]) for i, n in enumerate(several) for k, v in n.state_dict().items())
    gradient.autoencoders.rows[1].data.zero_()
    assert not several[1].text_encoder.mu.weight.any() and several[0].text_encoder.mu.weight.any()
    several[1].load_state_dict(before[0])
    assert torch.equal(gradient.autoencoders.value["text_decoder_weight"][1], before[0]["text_decoder.0.weight"])
    (several[1].discriminator(torch.rand(2, 9)).sum()).backward()
    assert gradient.discriminator.grad["first_weight"][1].any() or not several[1].discriminator[0].weight.grad.any()
    gradient.discriminator.forget()
    assert not several[1].discriminator[0].weight.grad.any()


def test_blocks_of_a_stack_begin_on_cache_lines():
    stack = Stack(networks(1), {"a": ("skeleton_encoder.mu.bias",), "b": ("skeleton_encoder.mu.weight",)})
    assert stack.value["b"].storage_offset() % 16 == 0


def test_the_state_of_a_stacks_optimizer_is_that_of_its_parameters():
    torch.manual_seed(0)
    one, other = networks(2), networks(2)
    for copy, network in zip(other, one, strict=True):
        copy.load_state_dict(network.state_dict())
    stack = Stack(one, AUTOENCODERS)
    rows = torch.optim.Adam(stack.rows, lr=1e-2, fused=True)
    plain = torch.optim.Adam([p for network in other for p in network.autoencoders()], lr=1e-2, fused=True)
    unstacked = Unstacked(rows, stack)
    assert unstacked.state_dict() == plain.state_dict()

    def step():
        for a, b in zip(one, other, strict=True):
            for p, q in zip(a.autoencoders(), b.autoencoders(), strict=True):
                q.grad = torch.randn_like(q)
                p.grad.copy_(q.grad)
        rows.step()
        plain.step()

    step()
    ours, theirs = unstacked.state_dict(), plain.state_dict()
    assert ours["param_groups"] == theirs["param_groups"] and ours["state"].keys() == theirs["state"].keys()
    for number, values in theirs["state"].items():
        assert values.keys() == ours["state"][number].keys()
        for key, value in values.items():
            torch.testing.assert_close(ours["state"][number][key], value)
    unstacked.load_state_dict(theirs)
    plain.load_state_dict(ours)
    step()
    for a, b in zip(one, other, strict=True):
        torch.testing.assert_close(a.state_dict(), b.state_dict())
