"""The command `siliconflow`: whether everything is in place, and which models there are."""
