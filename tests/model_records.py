"""Records of a model as tests need them where it does not matter what they say."""

from gabarito.core.model_records import GateVerdict, PromptContract

CONTRACT = PromptContract(
    system="",
    refusal="Não sei.",
    template_sha256="0" * 64,
    eos_token="</s>",
    pad_token="<pad>",
    max_new_tokens=8,
)
PASSED = GateVerdict(passed=True, reasons=[], checks=[])
