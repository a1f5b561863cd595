"""Experiment."""

import streamlit as st

st.title("Experiment")
