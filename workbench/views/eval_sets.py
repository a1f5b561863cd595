"""Eval sets."""

import streamlit as st

st.title("Eval sets")
